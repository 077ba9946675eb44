// The keys of the page as a list on top of it. A file of its own, loaded when somebody wants to know.
import { element } from "./comment_node.ts";
import type { Shortcut } from "./shortcuts.ts";

export function showKeys(keys: readonly Shortcut[]): void {
  const dialog = element("dialog", "");
  dialog.id = "shortcuts";
  dialog.setAttribute("aria-label", "Keyboard shortcuts");
  const list = element("dl", "");
  for (const [key, meaning] of keys) {
    list.append(element("dt", "", element("kbd", "", key)), element("dd", "", meaning));
  }
  const form = element("form", "", element("button", "action", "Close"));
  form.method = "dialog";
  dialog.append(list, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
