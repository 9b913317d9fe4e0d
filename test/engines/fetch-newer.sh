#!/usr/bin/env bash
# Fetches a Prometheus that takes remote write 2.0, which Debian's stable release has not, from Debian's mirror into
# the user's cache folder, without installing anything. Needs apt and about half a minute.
set -euo pipefail
engines=${XDG_CACHE_HOME:-$HOME/.cache}/ringmeter-engines

if [ -x "$engines/prometheus" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the mirror that this machine uses for Debian itself, whichever format its sources have
mirror=$(grep -Ehs '^(deb|URIs:)' /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} |
  grep -Eo 'https?://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
if [ -z "$mirror" ]; then
  echo 'no Debian mirror in the sources of apt' >&2
  exit 1
fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$work"/{lists/partial,cache/archives/partial}
: >"$work/status"
printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror" >"$work/sources.list"
private() {
  apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::status="$work/status" \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@"
}
private update
(cd "$work" && private download prometheus)
dpkg-deb -x "$work"/prometheus_*.deb "$work/root"
"$work/root/usr/bin/prometheus" --version | head -n 1
mkdir -p "$engines"
mv "$work/root/usr/bin/prometheus" "$engines/prometheus"
