# Asks forty questions at each of four temperatures, waits until the committees have scored the
# answers, and exports what the chain pays for them. Sourced by scripts/run for `scripts/bench
# attribution --arm chain`.
# shellcheck shell=bash
say "40 answers at each of four temperatures"
for name in "${LICENCES[@]}"; do
	# Five passages of each licence; where fewer were held out, from their middles too.
	python3 - "$DATA/$name.held" <<'PY'
import sys
lines = [l.split() for l in open(sys.argv[1]) if l.strip()]
passages = [" ".join(w[at:at + 12]) for at in (0, 12, 24, 6, 18) for w in lines if len(w) >= at + 12]
print("\n".join(passages[:5]))
PY
done >"$DATA/forty"
for temperature in 0 0.3 0.7 1; do
	as //User ask 0 --file "$DATA/forty" --temperature "$temperature" --output json >"$DATA/asked"
	python3 -c 'import json, sys; print("\n".join(a["receipt"] for a in json.load(open(sys.argv[1]))))' \
		"$DATA/asked" >"$DATA/receipts"
	while read -r id; do ol receipt "$id" --wait >/dev/null; done <"$DATA/receipts"
done
ol model export 0 --to "$OPENLEDGER_EXPORT"
