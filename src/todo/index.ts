export { FileProjection } from "./projection.js";
export { renderTodo } from "./render.js";
