// Answers against an OpenAPI document: which schema is meant, and what differs from it.
import { readFile } from "node:fs/promises";
import Ajv from "ajv";

const METHODS = ["get", "put", "post", "delete", "patch"];

// `envelopes`: start of a path -> {ok, failed}, names of schemas for operations that the document has not.
export class Contract {
  constructor(document, envelopes) {
    this.operations = [];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of METHODS.filter((one) => one in item)) {
        this.operations.push({ method, path, responses: item[method].responses });
      }
    }
    this.envelopes = envelopes;
    // A document has keywords for readers ("example") beside those that validate.
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    this.ajv.addSchema({ $id: "document", components: plain(document.components) });
    this.compiled = new Map();
  }

  // The documented operation of this path, below the account; undefined when there is none.
  find(method, path) {
    const fits = ({ path: pattern }) => {
      const source = pattern.replaceAll(/\{object_key\}/g, ".+").replaceAll(/\{[^}]+\}/g, "[^/]+");
      return new RegExp(`^${source}$`).test(path);
    };
    return this.operations.find((one) => one.method === method && fits(one));
  }

  // {schema, problems}: the name of what was compared with, and where it differs.
  check({ method, path, status, type, json }) {
    const operation = this.find(method, path);
    const range = `${Math.floor(status / 100)}XX`;
    const documented = operation?.responses[status] ?? operation?.responses[range];
    if (!documented) return this.checkEnvelope(path, status, json);
    const name = `${method.toUpperCase()} ${operation.path} ${status < 400 ? status : range}`;
    const content = documented.content[type.split(";")[0]];
    if (!content) return { schema: name, problems: [`content type ${type}`] };
    if (!type.startsWith("application/json")) return { schema: name, problems: [] };
    return { schema: name, problems: this.problems(name, content.schema, json) };
  }

  checkEnvelope(path, status, json) {
    const product = Object.keys(this.envelopes).find((prefix) => path.startsWith(prefix));
    const component = this.envelopes[product][status < 400 ? "ok" : "failed"];
    const problems = this.problems(component, { $ref: `#/components/schemas/${component}` }, json);
    return { schema: component, problems };
  }

  problems(name, schema, json) {
    if (!this.compiled.has(name)) this.compiled.set(name, this.ajv.compile(plain(schema)));
    const validate = this.compiled.get(name);
    if (validate(json)) return [];
    return validate.errors.map((error) => `${error.instancePath.replaceAll(/\/\d+/g, "/*")} ${error.message}`);
  }
}

// A reference names its document, and "nullable" becomes what JSON Schema has for it.
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (typeof schema !== "object" || schema === null) return schema;
  const { nullable, $ref, ...rest } = schema;
  const others = Object.entries(rest).map(([name, value]) => [name, plain(value)]);
  const result = Object.fromEntries($ref ? [["$ref", `document${$ref}`]] : others);
  return nullable === true ? { anyOf: [result, { type: "null" }] } : result;
}

// The document, or null where it is not.
export async function readDocument(url) {
  try {
    return JSON.parse(await readFile(url, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}
