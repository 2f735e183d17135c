// Chooses the browser's own time zone in a list that nobody has touched yet.
document.addEventListener("DOMContentLoaded", () => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const list of document.querySelectorAll("select[data-time-zone]")) {
    if (!document.querySelector("[role=alert]") && [...list.options].some((option) => option.value === zone)) {
      list.value = zone;
    }
  }
});
