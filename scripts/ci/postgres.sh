#!/bin/sh
# The read model's tests run on a real PostgreSQL. Where it is missing, root installs
# Debian's package; anybody else is told what is left out.
set -eu
if ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1 || [ -n "${POSTGRES_URL:-}" ]; then
	exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing postgresql for the tests of the read model"
	# Its own cluster is not wanted: the tests start servers of their own.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null && exit 0
fi
echo "PostgreSQL is not installed: the tests of the read model on it are left out (apt-get install postgresql, or POSTGRES_URL=...)" >&2
