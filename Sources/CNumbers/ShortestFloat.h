#pragma once

// Writes the shortest text that reads back as the same finite value, and answers where it ends; it uses at most 32 bytes.
char *write_shortest_float(float value, char *text);
