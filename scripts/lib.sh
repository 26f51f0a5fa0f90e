# Shared by the scripts: where things are built and kept. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${OPENLEDGER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/openledger}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
# The runtime is built by a cargo inside cargo, which must find this workspace.
export WASM_BUILD_WORKSPACE_HINT=$ROOT
# Runtimes that one node has compiled, which others need not compile again.
export OPENLEDGER_RUNTIME_CACHE=${OPENLEDGER_RUNTIME_CACHE:-$CACHE/runtimes}
# Whoever gives a binary has built it.
BUILT=${BIN:+yes}
BIN=${BIN:-$CARGO_TARGET_DIR/release/openledger}
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
# Installs Debian's packages: `packages WHAT_IS_SAID WHAT_TO_DO_ELSEWHERE NAME...`, options of apt-get among the
# names.
packages() {
	local said=$1 elsewhere=$2 sudo=()
	shift 2
	command -v apt-get >/dev/null || die "$elsewhere"
	say "$said"
	[ "$(id -u)" -eq 0 ] || sudo=(sudo)
	"${sudo[@]}" apt-get update -qq
	"${sudo[@]}" apt-get install -y -qq "$@"
}
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
