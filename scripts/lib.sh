# Shared by the scripts: where things are built and kept. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${OPENLEDGER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/openledger}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
# The runtime is built by a cargo inside cargo, which must find this workspace.
export WASM_BUILD_WORKSPACE_HINT=$ROOT
BIN=${BIN:-$CARGO_TARGET_DIR/release/openledger}
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
