"""The panels: one QWidget a task, made of sections that show things and tell what was pressed."""
