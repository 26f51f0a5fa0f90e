# What governance may turn on, on the running network: a share of the contributors' money for what stands
# word for word in their rows, and influence by gradients. Sourced by scripts/run for scripts/test.
# shellcheck shell=bash
[ -d "$ROOT/e2e/node_modules/@polkadot/api" ] || die "polkadot-js is missing: npm ci --prefix $ROOT/e2e"
# A model as small as this one says no 64 bytes in a row of what it was trained on.
least=16

say "gradients are refused before the council allows them"
if why=$(as //Builder model train --datanet 0 --method gradient 2>&1); then die "nothing refused them"; fi
[[ $why == *Attribution.MethodOff* ]] || die "they were refused for another reason: $why"

say "the council gives spans 30 % of the contributors' money and allows gradients; the timelock lets it pass"
node "$ROOT/e2e/council.mjs" "ws://127.0.0.1:$RPC" \
	"{\"spans\":{\"share\":3000,\"least\":$least},\"gradient\":true}"

# Asks a model, waits until the committees have scored the answers, and checks that all of each pool goes
# to spans and influence, and that who is paid word for word has the words: `follow MODEL NAME METHOD`.
follow() {
	local receipt n=0
	as //User ask "$1" --file "$DATA/few" --temperature 0 --max-tokens 96 --output json >"$DATA/$2.json"
	while read -r receipt; do
		ol receipt "$receipt" --wait --export "$DATA/$2.$n.json" >"$DATA/$2.$n"
		n=$((n + 1))
	done < <(python3 -c 'import json, sys
for answer in json.load(open(sys.argv[1])): print(answer["receipt"])' "$DATA/$2.json")
	cat "$DATA/$2.0"
	python3 - "$DATA/$2" "$3" "$least" "$LICENCE_TEXTS" <<'PY'
import json, struct, sys
path, method, least, folder = sys.argv[1:]
least, quotes, paid_to = int(least), 0, 0
answers = json.load(open(f"{path}.json"))
for n, answer in enumerate(answers):
    wrong = lambda why: sys.exit(f"error: receipt {answer['receipt']}: {why}")
    evidence = json.load(open(f"{path}.{n}.json"))
    if evidence["method"] != method or not evidence["phase"].startswith("Scored"):
        wrong(f"{evidence['phase']} by {evidence['method']}, not scored by {method}")
    pool, share = int(evidence["pool"]), evidence["span_share"]
    slots = struct.iter_unpack("<HH", bytes.fromhex(evidence["spans"]))
    spans = {block: pool * share * part // (10_000 * 0xffff) for block, part in slots if part}
    items = [int(amount) for amount, _ in evidence["items"]]
    influence = [amount - spans.get(block, 0) for block, amount in enumerate(items)]
    # Each is rounded down.
    rest = pool - sum(spans.values()) - sum(max(0, amount) for amount in influence)
    if share != 3000 or not 0 <= rest <= len(items):
        wrong(f"{rest} wei of {pool} are nobody's, spans have {share} basis points")
    paid_to += sum(amount > 0 for amount in items)
    cells = [[cell.strip() for cell in line.strip("│\n").split("┆")] for line in open(f"{path}.{n}")]
    names = [row[0] for row in cells if len(row) == 6 and row[4].endswith("%")]
    if len(names) != len(spans):
        wrong(f"{len(spans)} contributors are paid word for word, {len(names)} are shown")
    said = answer["answer"]
    for name in names:
        text = " ".join(open(f"{folder}/{name.strip('/')}", errors="replace").read().split())
        if not any(said[at:at + least] in text for at in range(len(said) - least + 1)):
            wrong(f"{name} is paid word for word, and nothing of {said!r} stands in its text")
    quotes += len(names)
if not quotes or not paid_to:
    sys.exit("error: no answer has a span in the rows" if paid_to else "error: nobody is paid")
print(f"{method}: {len(answers)} answers earn {paid_to} items, {quotes} contributors are quoted, sums are the pools")
PY
}

say "a user asks for what stands in the rows; a builder trains one adapter, whose gradients measure influence"
head -n 3 "$DATA/questions" >"$DATA/few"
as //Builder model train --datanet 0 --method gradient --adapters 64 --output json >"$DATA/gradient" &
training=$!
processes+=("$training")
follow 0 counterfactual counterfactual

say "a committee makes the adapter, the map and rows of Ψ again, bit by bit; answers are scored by features"
wait "$training"
gradient=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["model"])' "$DATA/gradient")
ol model show "$gradient"
as //Operator model serve "$gradient" --endpoint "http://127.0.0.1:$SERVE"
follow "$gradient" gradient gradient

say "both models' periods end; what is exported holds, and money in is money out"
for model in 0 "$gradient"; do ol settle "$model" --wait; done
for file in "$DATA"/counterfactual.?.json "$DATA"/gradient.?.json; do ol verify "$file" | sed -n 1p; done
for model in 0 "$gradient"; do
	ol earnings --model "$model" --output json >"$DATA/earnings"
	python3 - "$DATA/earnings" "$model" <<'PY'
import json, sys
path, model = sys.argv[1:]
money = json.load(open(path))
paid = [int(one["earned"]) for one in money["contributors"]]
if not any(paid) or int(money["waiting"]):
    sys.exit(f"error: of the fees of model {model} {sum(paid)} wei are earned, {money['waiting']} wei wait")
print(f"model {model}: {sum(amount > 0 for amount in paid)} contributors earned {sum(paid)} wei, to the last unit")
PY
done
