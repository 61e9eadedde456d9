#!/bin/sh
# Every web tool runs with the Node that package-lock.json pins by hash, whatever Node the machine has.
# usage: run.sh install | build | check | test [unit|browser] | dev | mock [--port N] | node ARGS...
set -eu
cd "$(dirname "$0")/.."

case "$(uname -m)" in
  x86_64 | amd64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "web: no pinned Node for $(uname -m)" >&2; exit 1 ;;
esac
node="node_modules/node-linux-$arch/bin/node"

npm_ci() { "$@" ci --ignore-scripts --no-audit --no-fund --loglevel=error; }

# npm leaves out optional packages that want a newer Node than it runs under, the bundler's native part among them: where
# the machine's Node is old, once more under the pinned one, and from nothing, since npm keeps to what it left out before.
install() {
  stamp=node_modules/.postroom-lock
  [ ! -x "$node" ] || ! cmp -s package-lock.json "$stamp" || return 0
  npm_ci npm
  if [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 22')" != true ]; then
    pinned=$(mktemp -d)
    cp "$node" "$pinned/node"
    rm -rf node_modules
    npm_ci "$pinned/node" --no-deprecation "$(readlink -f "$(command -v npm)")"
    rm -rf "$pinned"
  fi
  cp package-lock.json "$stamp"
}

vite() { "$node" node_modules/vite/bin/vite.js "$@"; }

build() {
  vite build --logLevel warn "$@"
}

check() {
  "$node" node_modules/typescript/bin/tsc --noEmit -p .
  "$node" tools/check-text.ts
  "$node" tools/check-source.ts
}

command=${1:-help}
[ $# -gt 0 ] && shift
case "$command" in
  install) install ;;
  build) install; build "$@"; "$node" tools/check-budgets.ts ;;
  check) install; check ;;
  dev) install; vite "$@" ;;
  mock) install; "$node" mock/main.ts "$@" ;;
  test) install; "$node" tools/test.ts "$@" ;;
  node) install; "$node" "$@" ;;
  *) sed -n '2,3p' "$0"; exit 2 ;;
esac
