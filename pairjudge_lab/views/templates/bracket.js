document.querySelectorAll(".pjl-bracket:not([data-ready])").forEach(function (root) {
  root.dataset.ready = "yes";
  function open(mark) {
    root.querySelectorAll(".opens.chosen").forEach(function (old) { old.classList.remove("chosen"); });
    root.querySelectorAll("details.pjl-match").forEach(function (panel) {
      panel.open = panel.dataset.number === mark.dataset.opens;
      if (panel.open) panel.scrollIntoView({ block: "nearest" });
    });
    root.querySelectorAll('.opens[data-opens="' + mark.dataset.opens + '"]').forEach(function (same) { same.classList.add("chosen"); });
  }
  root.addEventListener("click", function (event) {
    var mark = event.target.closest(".opens");
    if (mark) open(mark);
  });
  root.addEventListener("keydown", function (event) {
    var mark = event.target.closest(".opens");
    if (mark && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); event.stopPropagation(); open(mark); }
  });
});
