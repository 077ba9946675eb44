// Stands in for the cache of mutations in the bundle (build.mjs): nothing here is written through it,
// and it would be a twentieth of the script.
export class MutationCache {
  resumePausedMutations(): Promise<void> {
    return Promise.resolve();
  }

  clear(): void {}
}
