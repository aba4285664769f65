#!/bin/sh
# Bundles the player page: fetches the npm packages that package-lock.json
# pins into WORK, and writes the page's files to OUT.
#
#   build.sh SOURCE WORK OUT
set -eu
source=$1 work=$2 out=$3

mkdir -p "$work" "$out"
for file in package.json package-lock.json .npmrc; do
  cmp -s "$source/$file" "$work/$file" || fresh=1
done
if [ -n "${fresh-}" ] || [ ! -d "$work/node_modules" ]; then
  cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$work"
  # the lock says what is fetched by checksum; no package's scripts are run
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
fi

# The sources are bundled beside node_modules, where imports are looked up.
rm -rf "$work/src" "$out"/*.js
cp -R "$source/src" "$work/src"
# Of what two pages share each has its own: one of them is small.
bundle () {
  page=$1
  shift
  "$work/node_modules/.bin/esbuild" "$work/src/$page.js" --bundle \
    --format=esm --target=es2020 --minify --legal-comments=eof \
    --outdir="$out" --log-level=warning "$@"
}
bundle app --splitting --chunk-names='[name]'
bundle vod
for file in index.html app.css vod.html vod.css; do
  cp "$source/$file" "$out"
done
cp "$work/node_modules/hls.js/dist/hls.worker.js" "$out"
