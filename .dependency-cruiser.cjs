/** `npm run lint`: no folder of `src` imports one above it, or one that imports it. Files are checked by biome. */
module.exports = {
  forbidden: [
    {
      name: 'folders-in-a-circle',
      comment: 'Put what both need into a folder below them: often it is only a type.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    includeOnly: '^src',
    exclude: '^src/dashboard/page',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
