# What a build needs besides the repository. Sourced by scripts/run and scripts/test.

# Installs the missing ones where it can; else names them and how to get them.
install_prerequisites() {
    local missing=()
    command -v cc >/dev/null && command -v c++ >/dev/null || missing+=(build-essential)
    command -v python3 >/dev/null || missing+=(python3)
    # The data come from PyPI, by pip.
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
    command -v xz >/dev/null || missing+=(xz-utils)
    if ((${#missing[@]})); then
        if command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
            echo "installing ${missing[*]}" >&2
            apt-get update -q >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" >/dev/null
        else
            echo "missing: ${missing[*]} (on Debian: apt-get install ${missing[*]})" >&2
            return 1
        fi
    fi
    if ! command -v cargo >/dev/null; then
        [[ -x $HOME/.cargo/bin/cargo ]] && export PATH="$HOME/.cargo/bin:$PATH" && return
        command -v curl >/dev/null || { echo "missing: cargo; see https://rustup.rs" >&2; return 1; }
        echo "installing Rust with rustup" >&2
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y -q --profile minimal --component rustfmt,clippy --no-modify-path >&2
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
}
