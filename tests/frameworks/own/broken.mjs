// What an author's file may be like.
import "a-library-that-is-not-installed";
export const agent = 1;
