# What the scripts need besides the repository. Sourced by those that build.

# For everything that the machine's own Rust builds.
install_prerequisites() {
    install_packages && find_cargo
}

# install_packages [PROGRAM=PACKAGE…]: installs what every build needs and the named programs, where they are
# missing and it can; else names them and how to get them.
install_packages() {
    local missing=() each
    command -v cc >/dev/null && command -v c++ >/dev/null || missing+=(build-essential)
    for each in python3=python3 xz=xz-utils "$@"; do
        # More than one package may belong to a program.
        command -v "${each%%=*}" >/dev/null || read -ra missing <<<"${missing[*]} ${each#*=}"
    done
    # The data come from PyPI, by pip.
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
    if ((${#missing[@]})); then
        if command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
            local log
            log=$(mktemp)
            echo "installing ${missing[*]}" >&2
            if ! { apt-get update -q &&
                DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
                tail -n 20 "$log" >&2
                rm -f "$log"
                echo "could not install ${missing[*]}: see above" >&2
                return 1
            fi
            rm -f "$log"
            hash -r
        else
            echo "missing: ${missing[*]} (on Debian, as root: apt-get install ${missing[*]})" >&2
            return 1
        fi
    fi
}

# Leaves a cargo on PATH, by rustup when there is none.
find_cargo() {
    command -v cargo >/dev/null && return
    if [[ ! -x $HOME/.cargo/bin/cargo ]]; then
        command -v curl >/dev/null || { echo "missing: cargo; see https://rustup.rs" >&2; return 1; }
        echo "installing Rust with rustup" >&2
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y -q --profile minimal --component rustfmt,clippy --no-modify-path >&2
    fi
    export PATH="$HOME/.cargo/bin:$PATH"
}
