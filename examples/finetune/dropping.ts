/** Elements that take files dropped on them. */

/** Calls `take` with the files that are dropped on `element`, which is marked while files are over it. */
export function takesDrops(element: HTMLElement, take: (files: readonly File[]) => void): void {
  const mark = (isOver: boolean) => element.classList.toggle('over', isOver);
  element.addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  element.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!element.contains(relatedTarget as Node | null)) mark(false);
  });
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) take(files);
  });
}

/** A file that falls beside them would be shown in place of the page. */
export function ignoreOtherDrops(): void {
  for (const name of ['dragover', 'drop'] as const)
    addEventListener(name, (event) => event.preventDefault());
}
