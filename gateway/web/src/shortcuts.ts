// Keys that lead to places on the page, listed under "?". Whoever writes, types.

export function postingKeys(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ Enter" : "Ctrl+Enter";
}

// A key, what it does in words, and how; one without that is another's to do.
export type Shortcut = readonly [key: string, meaning: string, act?: () => void];

export function followShortcuts(own: readonly Shortcut[]): void {
  const shortcuts: readonly Shortcut[] = [
    ...own,
    ["?", "Show these keys", () => void showKeys(shortcuts)],
    ["Esc", "Close what is open"],
  ];
  const actions = new Map(shortcuts.map(([key, , act]) => [key, act]));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const act = actions.get(event.key);
    if (act === undefined || isWriting(event.target)) return;
    event.preventDefault();
    act();
  });
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
}

async function showKeys(keys: readonly Shortcut[]): Promise<void> {
  try {
    (await import("./key_list.ts")).showKeys(keys);
  } catch {
    // The keys work all the same.
  }
}
