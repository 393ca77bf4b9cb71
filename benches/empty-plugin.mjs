// The baseline of a plugin's start: what the host itself needs to load any file.
export default { id: "empty", server: async () => ({}) };
