// Sets light or dark before the first paint, by the same key as the admin's own switch.
(() => {
  const root = document.documentElement;
  root.classList.add("js"); // until then the page says what it needs
  if (root.dataset.theme) return; // fixed by the settings, already in the class
  let wanted = "auto";
  try {
    wanted = JSON.parse(localStorage.getItem("adminTheme") ?? '"auto"');
  } catch {
    // Storage is blocked or holds something else: the system decides.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () =>
    root.classList.toggle("dark", wanted === "dark" || (wanted !== "light" && dark.matches));
  apply();
  dark.addEventListener("change", apply);
})();
