#!/bin/sh
# Make a virtual environment: setup_venv.sh FOLDER
#
# Finds a Python of at least 3.11 (PYTHON=... names one), and says clearly what is missing
# otherwise. A folder that already works is left as it is; one whose Python is gone is made anew.
set -eu

folder=$1
recent='import sys; sys.exit(sys.version_info < (3, 11))'

if "$folder/bin/python" -c "$recent" 2>/dev/null && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    # A name on the path may still not run (a version manager's shim): only running it tells.
    if "$candidate" -c "$recent" >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>/dev/null || true)
    echo "graphspec needs Python 3.11 or newer; found here: ${found:-none}." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
    exit 1
fi

# Debian and Ubuntu pack the part of Python that fills a new environment with pip by itself.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which makes virtual environments."
        apt-get update -qq </dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" </dev/null >/dev/null
    else
        echo "This Python cannot make virtual environments. On Debian and Ubuntu:" >&2
        echo "  sudo apt-get install $package" >&2
        exit 1
    fi
fi

echo "Making $folder with $("$python" --version)."
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --upgrade pip
