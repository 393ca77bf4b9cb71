/** How scarce memory is. */
export interface Pressure {
  /** The share of memory that is taken, from 0 to 1: of the system's, or of what this process may have, the higher one. */
  memory(): number;
}
