"""Does a window with OpenGL open here? Run as a process: Qt ends it where there is no screen."""

from __future__ import annotations


def probe() -> str:
    """Open a tiny OpenGL surface and say which libraries drive it."""
    import qtpy
    from qtpy.QtGui import QOffscreenSurface, QOpenGLContext
    from qtpy.QtWidgets import QApplication

    application = QApplication([])
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    if not (context.create() and context.makeCurrent(surface)):
        raise SystemExit("there is no OpenGL")
    version = context.format().majorVersion(), context.format().minorVersion()
    context.doneCurrent()
    application.quit()
    return f"{qtpy.API_NAME} {qtpy.QT_VERSION}, OpenGL {version[0]}.{version[1]}"


if __name__ == "__main__":
    print(probe())
