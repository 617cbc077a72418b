// A person's way to a tenant's agent, in a real browser: login, chat, sign out, refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';

const env = process.env;
const port = new URL(env.MOLTGATE_GATEWAY_URL).port;
const page_url = `http://${env.MOLTGATE_DEMO_TENANT_HOST}:${port}/`;
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

async function withPage(work) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
  try {
    const page = await browser.newPage();
    const refused = [];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) refused.push(message.text());
    });
    await work(page);
    assert.deepEqual(refused, []);
  } finally {
    await browser.close();
  }
}

async function signIn(page, url, email) {
  await page.goto(url);
  assert.equal(new URL(page.url()).origin, env.MOLTGATE_ACCESS_TEAM_URL);
  await page.locator('input[type=email], input[name=email]:not([type=hidden])').first().fill(email);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

test('a member picks an identity, sees the agent and asks it', () => withPage(async (page) => {
  await page.goto(page_url);
  assert.equal(new URL(page.url()).origin, env.MOLTGATE_ACCESS_TEAM_URL);
  if (env.MOLTGATE_SCREENSHOTS) await page.screenshot({ path: `${env.MOLTGATE_SCREENSHOTS}/picker.png` });
  await Promise.all([page.waitForNavigation(), page.getByText(env.MOLTGATE_DEMO_MEMBER).first().click()]);
  assert.equal(page.url(), page_url);
  await page.getByRole('heading', { name: /Agent of demo/ }).waitFor();
  await page.getByLabel('Message').fill('What is 17 + 25?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('= 42').waitFor();
  if (env.MOLTGATE_SCREENSHOTS) await page.screenshot({ path: `${env.MOLTGATE_SCREENSHOTS}/agent.png` });
  await page.goto(page_url);
  await page.getByRole('heading', { name: /Agent of demo/ }).waitFor();
  await page.getByText('Sign out').click();
  await page.goto(page_url);
  assert.equal(new URL(page.url()).origin, env.MOLTGATE_ACCESS_TEAM_URL);
}));

test('someone else is refused with a page', () => withPage(async (page) => {
  await signIn(page, page_url, 'eve@example.com');
  await page.getByText('Access denied').waitFor();
}));

test('an operator reads and changes over the admin API, and signs out of it', () => withPage(async (page) => {
  const admin = `http://${env.MOLTGATE_OPERATOR_HOST}:${port}`;
  await signIn(page, `${admin}/api/admin/tenants`, env.MOLTGATE_OPERATOR);
  assert.match(await page.textContent('body'), /"slug":"demo"/);
  const create = (slug) => page.evaluate(async ({ admin, slug }) => {
    const answer = await fetch(`${admin}/api/admin/tenants`, {
      method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ slug }),
    }).catch(() => ({ status: 'blocked' }));
    return answer.status;
  }, { admin, slug });
  assert.equal(await create('by-browser'), 201);

  // Another host's page, in the same browser and signed in to both: the browser asks first, and hears no.
  await page.goto(`http://${env.MOLTGATE_DEMO_TENANT_HOST}:${port}/sandbox-health`);
  assert.equal(await create('by-neighbour'), 'blocked');
  await page.goto(`${admin}/api/admin/tenants`);
  const listed = await page.textContent('body');
  assert.match(listed, /by-browser/);
  assert.doesNotMatch(listed, /by-neighbour/);

  await page.goto(`${admin}/cdn-cgi/access/logout`);
  await page.goto(`${admin}/api/admin/tenants`);
  assert.equal(new URL(page.url()).origin, env.MOLTGATE_ACCESS_TEAM_URL);
}));
