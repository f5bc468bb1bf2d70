// A file field of ours: the theme's script expects a field of its own beside every file field.
for (const field of document.querySelectorAll("input[type=file]")) {
  field.form.addEventListener("change", (event) => event.target === field && event.stopPropagation(), true);
}
