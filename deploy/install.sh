#!/bin/sh
# Installs or upgrades a credit bank with the network off: finds Python, then hands over to installer/.
# 离线安装或升级学分银行：找到 Python 后交给 installer/。
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

chosen=''
before=''
for word in "$@"; do
  case $before in --python) chosen=$word ;; esac
  case $word in --python=*) chosen=${word#--python=} ;; esac
  before=$word
done

fits() {
  command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=''
for name in ${chosen:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if fits "$name"; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    zh*) echo "需要 Python 3.11 或更高版本，未找到（已试：${chosen:-python3}）。没有任何改动。请先安装 Python，或用 --python 指定其路径。" >&2 ;;
    *) echo "Python 3.11 or newer is needed and was not found (tried: ${chosen:-python3}). Nothing was changed. Install it, or name it with --python." >&2 ;;
  esac
  exit 2
fi

# Nothing is written into the bundle (-B), and nothing of the caller's Python comes along (-P, PYTHON*).
unset PYTHONHOME
PYTHONPATH=$here exec "$python" -B -m installer --bundle "$here" "$@"
