#!/usr/bin/env bash
# A run as a Slurm job array, on a real Slurm that is started on this machine alone and stopped afterwards:
#
#     tests/cluster/slurm.sh
#
# Installs Debian's slurm-wlm and munge where they are missing; has to be root, as slurmd has. Takes some three minutes on two
# processors. On the way one job is told that its time is nearly over, and one is requeued as if it were preempted; the results
# have to be those of one process. A job that is cancelled has to stay so.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo "slurmd has to be started by root: sudo $0"
  exit 1
fi
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends slurm-wlm munge
fi

dir=$(mktemp -d /tmp/epr_slurm_XXXXXX)
chmod 755 "$dir"
daemons=()
cleanup() {
  status=$?
  if [ "$status" -ne 0 ]; then tail -n 20 "$dir"/*.log "$dir"/run/slurm/*.out || true; fi
  scancel --user=root 2>/dev/null || true
  for daemon in "${daemons[@]}"; do kill "$daemon" 2>/dev/null || true; done
  wait
  rm -rf "$dir"
}
trap cleanup EXIT

# The daemons. proctrack/linuxproc and task/none need no cgroups; a credential that expires soon lets a requeued job start soon.
host=$(hostname -s)
mkdir "$dir/munge" "$dir/state" "$dir/spool"
chmod 700 "$dir/munge"
dd if=/dev/urandom of="$dir/munge/key" bs=1 count=1024 status=none
chmod 400 "$dir/munge/key"
memory=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
cat >"$dir/slurm.conf" <<CONF
ClusterName=epr
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$dir/slurm.conf"
munged --foreground --force --key-file="$dir/munge/key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
  --log-file="$dir/munged.log" --seed-file="$dir/munge/seed" 2>"$dir/munged_said.log" &
daemons+=($!)
until [ -S "$dir/munge.socket" ]; do sleep 0.2; done
slurmctld -D -f "$SLURM_CONF" 2>/dev/null &
daemons+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" 2>/dev/null &
daemons+=($!)
until sinfo -h -o %T 2>/dev/null | grep -q idle; do sleep 0.5; done
echo "Slurm $(sinfo --version | cut -d' ' -f2) runs on $host, $(nproc) processors"

settings=(--device cpu --threads 1 --folds 3 --stages 2 --epochs 8 --width 1/16 --segment-hop 12)
deno run -q -P=train cli/train.ts --quiet "${settings[@]}" --out "$dir/alone"

out=$dir/run
deno run -q -P=cluster cli/cluster.ts "${settings[@]}" --out "$out" --submit
array=$(squeue -h -n epr-fold -o %F | head -n 1)

# Waits until fold $1 runs and has kept a network; prints its job's own number.
kept() {
  until ls "$out"/checkpoints/fold-"$1"-* >/dev/null 2>&1 && squeue -h -j "${array}_$1" -t RUNNING | grep -q .; do
    sleep 0.2
  done
  squeue -h -j "${array}_$1" -o %A
}
job=$(kept 1)
echo "fold 1: its time is nearly over"
scancel --batch --signal=TERM "$job"
job=$(kept 2)
echo "fold 2: preempted"
scontrol requeue "$job"
deno run -q -P=status cli/status.ts "$out"

until [ -z "$(squeue -h -n epr-fold,epr-merge)" ]; do sleep 1; done
deno run -q -P=status cli/status.ts "$out"
for fold in 1 2; do
  runs=$(grep -c '"event":"run"' "$out/log-fold-$fold.jsonl")
  [ "$runs" -eq 2 ] || { echo "fold $fold was begun $runs times, not twice"; exit 1; }
done
grep -q '"reason":"Stopped by SIGTERM"' "$out/log-fold-1.jsonl"
results() { python3 -c "import json, sys; r = json.load(open(sys.argv[1])); del r['seconds']; print(r)" "$1/results.json"; }
[ "$(results "$out")" = "$(results "$dir/alone")" ] || { echo "the results differ from one process's"; exit 1; }
echo "the results are those of one process"

# A job that its user cancels is kept, too, and does not come back.
deno run -q -P=cluster cli/cluster.ts "${settings[@]}" --seed 2 --out "$dir/cancelled" --submit
array=$(squeue -h -n epr-fold -o %F | head -n 1)
out=$dir/cancelled
kept 1 >/dev/null
scancel "$array"
until [ -z "$(squeue -h -n epr-fold)" ]; do sleep 1; done
echo "cancelled jobs stay so"
