// What CommonJS gets from the entry points that wait for another package before they are ready: `require` cannot wait.
throw new Error(
  "Expected this entry point of rain-align to be imported, got require() (it is an ES module: " +
    '`await import("rain-align/langchain")`, `await import("rain-align/middleware")` and `await import("rain-align/discord")` work in CommonJS, too)',
);
