// What the panel loads when a chat that can be rated has ended.
export { wireRating } from "./widget/rating.js";
