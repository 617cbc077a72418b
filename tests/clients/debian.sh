#!/usr/bin/env bash
# Runs Debian's awscli, rclone and s3cmd against the R2 fake of a private emulator of the given program
# (default: the release build): put, get, list, parts, presigned addresses, both ways of a sync.
# Section 5.1, rows 22 and 24 to 26; `--if-none-match` (23) is younger than Debian's awscli.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
if [[ -z ${MOLTGATE_S3_ENDPOINT:-} ]]; then
  program=$(realpath "${1:-../../build/release/moltgate}")
  exec "$program" exec -- "$PWD/debian.sh"
fi

export PATH=/usr/bin:/bin AWS_PAGER='' AWS_MAX_ATTEMPTS=1
unset AWS_CA_BUNDLE  # rclone takes no other authorities by this name, and http needs none
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work
endpoint=$MOLTGATE_S3_ENDPOINT
host=${endpoint#http://}

fail() {
  echo "debian.sh: $*" >&2
  exit 1
}

equal() {  # what, wanted, found
  [[ $2 == "$3" ]] || fail "$1: wanted \"$2\", found \"$3\""
}

refused() {  # part of the message, command...
  local wanted=$1 said
  shift
  if said=$("$@" 2>&1); then fail "not refused: $*"; fi
  [[ $said == *"$wanted"* ]] || fail "$*: wanted \"$wanted\" in: $said"
}

s3() { aws --endpoint-url "$endpoint" s3 "$@"; }
api() { aws --endpoint-url "$endpoint" --output text s3api "$@"; }

head -c $((20 * 1024 * 1024)) /dev/urandom > big.bin
mkdir -p tree/sub/deep
printf 'hello world' > tree/a.txt
printf 'umlaut' > 'tree/sub/ü &+%20.txt'
: > tree/sub/deep/empty
head -c 70000 /dev/urandom > tree/sub/random.bin

echo '== awscli'
s3 mb s3://aws-bucket
s3 cp big.bin s3://aws-bucket/dir/big.bin
etag=$(api head-object --bucket aws-bucket --key dir/big.bin --query ETag)
[[ $etag == *-3\" ]] || fail "parts of 8 MiB: ETag $etag"
s3 cp s3://aws-bucket/dir/big.bin big.back
cmp big.bin big.back
s3 sync tree s3://aws-bucket/tree
s3 sync s3://aws-bucket/tree tree.aws
diff -r tree tree.aws
equal 'a second sync' '' "$(s3 sync tree s3://aws-bucket/tree)"
equal 'keys, two a page' 5 "$(s3 ls s3://aws-bucket --recursive --page-size 2 | wc -l)"
api get-object --bucket aws-bucket --key tree/a.txt --range bytes=1-4 part
equal 'a range' 'ello' "$(cat part)"

address=$(aws --endpoint-url "$endpoint" s3 presign s3://aws-bucket/tree/a.txt --expires-in 60)
equal 'a presigned range' 'hell 206' "$(curl -sS -r 0-3 -w ' %{http_code}' "$address")"
equal 'a tampered address' 403 "$(curl -sS -o tampered.xml -w '%{http_code}' "${address}0")"
grep -q '<Code>SignatureDoesNotMatch</Code>' tampered.xml || fail "$(cat tampered.xml)"

refused NotImplemented api get-object-tagging --bucket aws-bucket --key tree/a.txt
refused NoSuchKey api get-object --bucket aws-bucket --key none none.out
refused BucketNotEmpty s3 rb s3://aws-bucket
AWS_SECRET_ACCESS_KEY=wrong refused SignatureDoesNotMatch api list-buckets
AWS_ACCESS_KEY_ID=00000000000000000000000000000000 refused Unauthorized api list-buckets
s3 rm s3://aws-bucket --recursive > removed.txt
s3 rb s3://aws-bucket

echo '== rclone'
export RCLONE_CONFIG_R_TYPE=s3 RCLONE_CONFIG_R_PROVIDER=Cloudflare RCLONE_CONFIG_R_REGION=auto
export RCLONE_CONFIG_R_ENDPOINT=$endpoint RCLONE_CONFIG_R_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID
export RCLONE_CONFIG_R_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY
rclone mkdir r:rclone-bucket
rclone copy tree r:rclone-bucket/tree
rclone check --download tree r:rclone-bucket/tree
rclone copyto --s3-upload-cutoff 5M --s3-chunk-size 5M big.bin r:rclone-bucket/big.bin
rclone copyto r:rclone-bucket/big.bin big.rclone
cmp big.bin big.rclone
equal 'listed' 5 "$(rclone lsf -R --files-only r:rclone-bucket | wc -l)"
rclone moveto r:rclone-bucket/tree/a.txt r:rclone-bucket/moved.txt
equal 'moved' 'hello world' "$(rclone cat r:rclone-bucket/moved.txt)"
rm tree/a.txt
rclone sync tree r:rclone-bucket/tree
rclone sync r:rclone-bucket/tree tree.rclone
diff -r tree tree.rclone
curl -sS --fail-with-body -o linked "$(rclone link --expire 1m r:rclone-bucket/moved.txt)"
equal 'linked' 'hello world' "$(cat linked)"
rclone purge r:rclone-bucket

echo '== s3cmd'
cmd() {
  s3cmd --no-ssl --host="$host" --host-bucket="$host" --region=auto --no-progress \
    --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" "$@"
}
cmd mb s3://s3cmd-bucket
cmd put --multipart-chunk-size-mb=5 big.bin s3://s3cmd-bucket/big.bin
cmd get s3://s3cmd-bucket/big.bin big.s3cmd
cmp big.bin big.s3cmd
cmd sync tree/ s3://s3cmd-bucket/tree/
cmd sync s3://s3cmd-bucket/tree/ tree.s3cmd/
diff -r tree tree.s3cmd
equal 'listed' 4 "$(cmd ls -r s3://s3cmd-bucket | wc -l)"
cmd cp s3://s3cmd-bucket/tree/sub/random.bin s3://s3cmd-bucket/copied.bin
cmd info s3://s3cmd-bucket/copied.bin | grep -q 'File size: 70000' || fail 'info of the copy'
refused 'does not exist' cmd get s3://s3cmd-bucket/none none.out
cmd del --recursive --force s3://s3cmd-bucket
cmd rb s3://s3cmd-bucket
echo 'all as it should be'
