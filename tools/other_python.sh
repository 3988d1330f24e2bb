#!/usr/bin/env bash
# Runs the tests on another Python than the default one.
#
#   tools/other_python.sh VERSION TESTS…      for example: tools/other_python.sh 3.15 tests/core
#
# A Python of this machine is used where there is one: pyenv's, or pythonVERSION. Otherwise root gets
# one from Debian's testing suite: debootstrap puts it into a folder (PYTHONS_FOLDER; 1 GB), and the
# tests run in that folder on a copy of the tree. Without root, or without apt, they are skipped.
set -euo pipefail
version=${1:?VERSION} && shift
tests=$*
tree=$(cd "$(dirname "$0")/.." && pwd)
folder=${PYTHONS_FOLDER:-${XDG_CACHE_HOME:-$HOME/.cache}/flask-heapview/pythons}
fetched="3.14 3.15" # those that the suite has; all are fetched at once

python_of_this_machine() {
  local found
  found=$(ls -d "$HOME"/.pyenv/versions/"$version".*/bin/python3 2>/dev/null | sort -V | tail -n 1)
  echo "${found:-$(command -v "python$version" || true)}"
}

give_up() {
  echo "Python $version: $1" >&2
  [ -n "${HEAPVIEW_REQUIRE_ALL:-}" ] && exit 1
  exit 0
}

# A system of its own, with the Pythons and what builds and runs the tests.
bootstrap() {
  [ -e "$folder/.complete" ] && return
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
  local mirror packages=ca-certificates,gcc,git,libc6-dev,make,musl-tools,procps
  for one in $fetched; do packages+=",python$one,python$one-dev,python$one-venv"; done
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/*$')
  echo "Python $fetched: fetched into $folder, about two minutes" >&2
  mkdir -p "$folder"
  # the script of another suite, since an older debootstrap does not know the name of this one
  debootstrap --variant=minbase --include="$packages" forky "$folder" "$mirror" \
    /usr/share/debootstrap/scripts/sid >"$folder.log" 2>&1 || give_up "see $folder.log"
  touch "$folder/.complete"
}

bind() {
  grep -q " $folder$1 " /proc/mounts && return
  mkdir -p "$folder$1"
  mount --bind "$1" "$folder$1"
}

# The kernel's file systems, and a network that resolves names and trusts whom we trust.
connect() {
  bind /proc
  for place in /sys /dev /dev/shm; do ! mountpoint -q "$place" || bind "$place"; done
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do share "$file"; done
}

share() {
  [ ! -f "$1" ] || install -D -m 644 "$1" "$folder$1"
}

# pip's settings, the files that they name, and the folders: an index has its files beside it.
connect_pip() {
  local file place
  python3 -m pip config debug | sed -n 's/^ *\(.*\), exists: True$/\1/p' | while read -r file; do
    share "$file"
  done
  python3 -m pip config list | grep -oE "(file://)?/[^' ]+" | sort -u | while read -r place; do
    place=${place#file://}
    if [ -d "$place" ] && [ "$(dirname "$place")" != / ]; then bind "$(dirname "$place")"; fi
    share "$place"
  done
}

disconnect() {
  awk -v under="$folder/" 'index($2, under) == 1 {print $2}' /proc/mounts | sort -r |
    while read -r place; do umount --lazy "$place"; done
}

in_folder() {
  bootstrap
  trap disconnect EXIT
  connect
  connect_pip
  local copy=/tree/$version
  mkdir -p "$folder$copy"
  find "$folder$copy" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -r {} +
  tar -C "$tree" --exclude './.venv*' --exclude ./build --exclude '*.so' --exclude ./.git -c . |
    tar -C "$folder$copy" -x
  chroot "$folder" git init -q "$copy" # the tests of installation ask git for the files
  chroot "$folder" env HOME="$HOME" HEAPVIEW_REQUIRE_ALL= \
    make --no-print-directory -C "$copy" run PYTHON="python$version" VENV=.venv TESTS="$tests"
}

python=$(python_of_this_machine)
if [ -n "$python" ]; then
  exec make --no-print-directory -C "$tree" run PYTHON="$python" VENV=".venv-$version" TESTS="$tests"
fi
case " $fetched " in *" $version "*) ;; *) give_up "not on this machine: skipped" ;; esac
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || give_up "only root can fetch one, with apt: skipped"
in_folder
