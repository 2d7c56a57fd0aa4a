#!/usr/bin/env bash
# debian.sh DEST: unpacks nats-server, valkey and TimescaleDB (for the PostgreSQL 18 that npm ships) under DEST.
# They come from the Debian mirror this machine already uses, from sid: the only suite with a new enough nats-server.
# Needs neither root nor Docker and leaves the system's apt state alone. DEST appears whole or not at all.
# Exit 3: this is no Debian machine (or it has no apt), so there is nothing to fetch from.
set -euo pipefail

suite=${BOOT_DEBIAN_SUITE:-sid}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
for tool in apt-get apt-cache dpkg dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "no $tool on this machine" >&2; exit 3; }
done
[ -r "$keyring" ] || { echo "no Debian keyring on this machine" >&2; exit 3; }
mirror=${BOOT_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
  grep -E '/debian/?$' | head -1 || true)}
[ -n "$mirror" ] || { echo "no Debian mirror in the apt configuration" >&2; exit 3; }

destination=$1
mkdir -p "$(dirname "$destination")"
work=$(mktemp -d "$destination.part-XXXXXX")
trap 'rm -rf "$work"' EXIT
apt=$work/apt out=$work/out
mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial "$apt"/etc "$apt"/debs "$out"/root "$out"/bin
: > "$apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$apt/etc/sources.list"

architecture=$(dpkg --print-architecture)
options=(-qq
  -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
  -o "Dir::Etc::sourcelist=$apt/etc/sources.list" -o Dir::Etc::sourceparts=-
  -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
  -o APT::Sandbox::User= -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
  -o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o APT::Update::Error-Mode=any
  -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success= -o DPkg::Post-Invoke=
  -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)

echo "reading the package list of Debian $suite"
apt-get "${options[@]}" update

# sid's libraries come along because its programs want a newer libc than an older Debian has.
wanted=(libc6 libgcc-s1 libstdc++6 libatomic1 libjemalloc2 liblzf1 libssl3t64 libsystemd0 libcap2 libzstd1 zlib1g
  nats-server valkey-server valkey-tools postgresql-18-timescaledb)
mapfile -t there < <(apt-cache "${options[@]:1}" show --no-all-versions "${wanted[@]}" 2>/dev/null |
  sed -n 's/^Package: //p' | sort -u)
for package in "${wanted[@]}"; do
  printf '%s\n' "${there[@]}" | grep -qx "$package" || echo "$package is not in $suite any more, left out"
done

echo "fetching ${#there[@]} packages"
cd "$apt/debs"
apt-get "${options[@]}" download "${there[@]}"
echo "unpacking $(du -sh . | cut -f1) of packages"
for file in ./*.deb; do dpkg-deb -x "$file" "$out/root"; done
for file in *.deb; do echo "${file%_*}" | sed 's/%3a/:/; s/_/ /'; done > "$out/versions.txt"
cd /

libraries=$(dirname "$(find "$out/root" -name 'ld-linux*' -path '*-linux-gnu*' | head -1)")
libraries=${libraries#"$out/root/"}
loader=$(basename "$(find "$out/root/$libraries" -maxdepth 1 -name 'ld-linux*' | head -1)")
printf '%s\n%s\n' "$libraries" "$loader" > "$out/loader.txt"
for program in nats-server valkey-server; do
  for folder in usr/sbin usr/bin; do
    [ -x "$out/root/$folder/$program" ] || continue
    printf '#!/bin/sh\nroot=$(cd "$(dirname "$(readlink -f "$0")")/../root" && pwd)\n%s\n' \
      "exec \"\$root/$libraries/$loader\" --library-path \"\$root/$libraries\" \"\$root/$folder/$program\" \"\$@\"" \
      > "$out/bin/$program"
    chmod 755 "$out/bin/$program"
  done
done
# Another start may have been quicker: then its copy stands, and ours goes with the trap.
mv -T "$out" "$destination" 2>/dev/null || [ -d "$destination" ]
