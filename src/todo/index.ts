export { FileProjection, type ProjectionPorts } from "./projection.js";
export { renderTodo, type ShownMission } from "./render.js";
export { TodoFile, type TodoPorts } from "./todo-file.js";
