document.querySelectorAll(".pjl-table:not([data-ready])").forEach(function (root) {
  root.dataset.ready = "yes";
  var body = root.querySelector("tbody");
  function sort(head) {
    var column = head.cellIndex, down = head.getAttribute("aria-sort") === "ascending";
    var number = head.classList.contains("number");
    root.querySelectorAll("th").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    Array.from(body.rows).map(function (row, place) {
      return { row: row, place: place, key: row.cells[column].dataset.key };
    }).sort(function (x, y) {
      // What is missing comes last, whichever way is up.
      if (x.key === "" || y.key === "") return (x.key === "") - (y.key === "") || x.place - y.place;
      var order = number ? Number(x.key) - Number(y.key) : x.key.localeCompare(y.key);
      return (down ? -order : order) || x.place - y.place;
    }).forEach(function (item) { body.appendChild(item.row); });
  }
  root.addEventListener("click", function (event) {
    var head = event.target.closest("th");
    if (head) sort(head);
  });
});
