export {
  type Agent,
  type Attribution,
  attribute,
  isReserved,
  type OpenCall,
  type Writer,
} from "./attribute.js";
export { judgeMission, judgeTask } from "./judge.js";
export { WriteWatch } from "./watch.js";
