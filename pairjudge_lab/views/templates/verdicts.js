document.querySelectorAll(".pjl-verdicts:not([data-ready])").forEach(function (root) {
  root.dataset.ready = "yes";
  function press(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    var choice = event.currentTarget, pane = choice.closest(".dtsp-searchPane");
    var field = pane.querySelector("input.dtsp-search").placeholder, words = choice.querySelector(".dtsp-name").textContent;
    choice.click();
    // The panes are drawn anew, and the choice with them.
    setTimeout(function () {
      root.querySelectorAll(".dtsp-searchPane").forEach(function (other) {
        if (other.querySelector("input.dtsp-search").placeholder !== field) return;
        other.querySelectorAll(".dtsp-nameCont").forEach(function (same) {
          if (same.querySelector(".dtsp-name").textContent === words) same.focus();
        });
      });
    }, 300);
  }
  // The panes' search fields have a title alone, which not every screen reader reads, and what they
  // list can be clicked and not reached by keys.
  function name() {
    root.querySelectorAll("input.dtsp-search:not([aria-label])").forEach(function (field) {
      field.setAttribute("aria-label", "search in " + field.placeholder);
    });
    root.querySelectorAll(".dtsp-searchPane .dtsp-nameCont").forEach(function (choice) {
      if (!choice.hasAttribute("tabindex")) {
        choice.tabIndex = 0;
        choice.setAttribute("role", "button");
        choice.addEventListener("keydown", press);
      }
      var chosen = String(choice.closest("tr").classList.contains("selected"));
      if (choice.getAttribute("aria-pressed") !== chosen) choice.setAttribute("aria-pressed", chosen);
    });
  }
  new MutationObserver(name).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  name();
});
