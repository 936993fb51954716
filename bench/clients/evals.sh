#!/usr/bin/env bash
# Starts `rain serve` with the flags that are given, lets lm-eval and garak ask it, and ends it:
#   bench/clients/evals.sh FOLDER [--model FILE ...]
# Needs lm-eval 0.4.13 (`pip install "lm_eval[api]"`) and garak 0.17.1 (`pip install garak`) on the PATH, and `npm run build`. Nothing is downloaded: lm-eval's task has its data
# beside it, and garak's probes and detectors have theirs in the package. EVALS names what is run: lm-eval, promptinject, encoding, dan.
set -euo pipefail
for program in lm-eval garak; do
  command -v $program >/dev/null || { echo "Expected $program on the PATH, got none (pip install lm_eval[api], garak)" >&2; exit 2; }
done
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
port=${PORT:-8093}
address=http://127.0.0.1:$port/v1
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME="$out/cache/hf" OPENAICOMPATIBLE_API_KEY=none

node dist/cli/main.js serve --port "$port" "$@" >"$out/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true' EXIT
until [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/health")" = 200 ]; do
  kill -0 $server 2>/dev/null || { cat "$out/serve.log" >&2; exit 1; }
  sleep 1
done

garak_on() { # SPEC NAME PROMPTS: as many prompts of each probe at most
  sed "s#http://127.0.0.1:8080/v1#$address#; s/soft_probe_prompt_cap: .*/soft_probe_prompt_cap: $3/" bench/clients/garak.yaml >"$out/garak.yaml"
  XDG_DATA_HOME="$out" XDG_CACHE_HOME="$out/cache" XDG_CONFIG_HOME="$out/config" \
    garak --config "$out/garak.yaml" --spec "$1" --report_prefix "$2" >"$out/$2.log" 2>&1
}

of_probes() { # GROUP NAMES...: as garak selects them
  local group=$1
  shift
  printf ",probes.$group.%s" "$@" | cut -c2-
}

for one in ${EVALS:-lm-eval promptinject encoding dan}; do
  start=$SECONDS
  case $one in
    lm-eval)
      lm-eval run --model local-chat-completions --model_args "model=rain,base_url=$address/chat/completions,num_concurrent=1,max_retries=1,timeout=600" \
        --include_path bench/clients/lm-eval --tasks rain_questions --apply_chat_template --log_samples --output_path "$out/lm-eval" >"$out/lm-eval.log" 2>&1 ;;
    promptinject) garak_on probes.promptinject promptinject 12 ;;
    encoding) garak_on "$(of_probes encoding InjectBase64 InjectROT13 InjectLeet InjectZalgo InjectHex)" encoding 8 ;;
    # Without the ablation of DAN 11, which is 127 prompts whatever the cap.
    dan)
      garak_on "$(of_probes dan DanInTheWild AutoDANCached Dan_6_0 Dan_6_2 Dan_7_0 Dan_8_0 Dan_9_0 Dan_10_0 Dan_11_0 DUDE STAN AntiDAN DAN_Jailbreak \
        ChatGPT_Developer_Mode_v2 ChatGPT_Developer_Mode_RANTI)" dan 12 ;;
    *) echo "Expected lm-eval, promptinject, encoding or dan in EVALS, got $one" >&2; exit 2 ;;
  esac
  echo "$one: $((SECONDS - start)) s"
done
node --import tsx bench/evals.ts "$out"
