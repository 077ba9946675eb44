// Runs in the page before anything else: writes down what the page shows after every change of it,
// so that a state which lasts for an instant only is seen as well.
(() => {
  const recordsMax = 20_000;
  const record = { states: [], cspViolations: [], shifts: [] };
  window.marginaliaRecord = record;
  // Of the screen, also where the page's clock is not.
  const nextFrame = requestAnimationFrame.bind(window);
  record.twoFrames = () => new Promise((done) => nextFrame(() => nextFrame(done)));
  if (window.top !== window) return;

  const numberIn = (element) => {
    const words = element?.textContent ?? "";
    return words.startsWith("No ")
      ? 0
      : Number((/[\d,]+/.exec(words)?.[0] ?? "NaN").replaceAll(",", ""));
  };

  const state = () => {
    const items = [...document.querySelectorAll("#comments > .comment")];
    return {
      items: items.map((item) => ({
        id: item.id,
        sequence: Number(item.dataset.sequence ?? 0),
        pending: item.classList.contains("pending"),
      })),
      count: numberIn(document.querySelector("[data-comment-count]")),
      focus: document.activeElement?.id ?? "",
      complete: document.readyState !== "loading",
    };
  };

  let last = "";
  new MutationObserver(() => {
    const now = state();
    const text = JSON.stringify(now);
    if (text === last || record.states.length >= recordsMax) return;
    last = text;
    record.states.push({ ...now, at: performance.now() });
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });

  document.addEventListener("securitypolicyviolation", (event) => {
    record.cspViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
  });

  // Waits until a frame has shown the whole document.
  record.painted = async () => {
    const frame = () => new Promise(requestAnimationFrame);
    while (document.readyState === "loading") await frame();
    await frame();
    await frame();
    record.paintedAt = performance.now();
  };

  // What moved, and from where to where.
  const movedIn = ({ node, previousRect, currentRect }) => {
    const place = ({ x, y, width, height }) => `${x},${y} ${width}x${height}`;
    const name = `${node?.nodeName}.${node?.className ?? ""} "${node?.textContent.trim().slice(0, 40)}"`;
    return `${name} ${place(previousRect)} to ${place(currentRect)}`;
  };

  new PerformanceObserver((list) => {
    for (const { hadRecentInput, startTime, value, sources } of list.getEntries()) {
      if (hadRecentInput || record.shifts.length >= recordsMax) continue;
      record.shifts.push({ value, at: startTime, moved: sources.map(movedIn) });
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
