document.querySelectorAll(".pjl-verdicts:not([data-ready])").forEach(function (root) {
  root.dataset.ready = "yes";
  // The panes' search fields have a title alone, which not every screen reader reads.
  function name() {
    root.querySelectorAll("input.dtsp-search:not([aria-label])").forEach(function (field) {
      field.setAttribute("aria-label", "search in " + field.placeholder);
    });
  }
  new MutationObserver(name).observe(root, { childList: true, subtree: true });
  name();
});
