"""See that Qt can start, and install the system libraries that it misses.

Qt's wheels bring Qt itself, but lean on libraries of the system (OpenGL, fonts, the keyboard)
that a bare machine or container does not have. Run it with the Python that has PySide6. It never
fails: where it cannot install, it names the packages, and the core works without them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The library that ldd misses: the package of Debian and Ubuntu that has it.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
# What a window or a picture without a screen needs: the three Qt modules and two of its platforms.
WANTED = (
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6Gui.so.6",
    "Qt/lib/libQt6Widgets.so.6",
    "Qt/plugins/platforms/libqoffscreen.so",
    "Qt/plugins/platforms/libqxcb.so",
)


def missing_libraries(qt: Path) -> list[str]:
    """Names of the shared libraries that the loader does not find, in order."""
    names: set[str] = set()
    for part in WANTED:
        answer = subprocess.run(
            ["ldd", str(qt / part)], capture_output=True, text=True, check=False
        )
        names.update(
            line.split("=>")[0].strip()
            for line in answer.stdout.splitlines()
            if "not found" in line and "=>" in line
        )
    return sorted(name for name in names if not name.startswith("libQt6"))


def install(packages: list[str]) -> bool:
    """Install them with apt-get; False where that fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
        answer = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if answer.returncode != 0:
            return False
    return True


def main() -> int:
    """Look, install or advise; always 0."""
    if not sys.platform.startswith("linux") or shutil.which("ldd") is None:
        return 0
    found = importlib.util.find_spec("PySide6")
    if found is None or found.origin is None:
        print("PySide6 is not installed: there is nothing to look at.")
        return 0
    qt = Path(found.origin).parent
    libraries = missing_libraries(qt)
    if not libraries:
        return 0
    print(f"Qt misses {len(libraries)} libraries of the system: {', '.join(libraries)}")
    packages = sorted({PACKAGES[name] for name in libraries if name in PACKAGES})
    can_install = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    if packages and can_install:
        print(f"Installing {' '.join(packages)}")
        if install(packages):
            libraries = missing_libraries(qt)
            packages = sorted({PACKAGES[name] for name in libraries if name in PACKAGES})
    if libraries:
        print("The desktop app and its tests need them. On Debian and Ubuntu:")
        print(f"  sudo apt-get install {' '.join(packages)}")
        print(f"Elsewhere, the packages that hold: {', '.join(libraries)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
