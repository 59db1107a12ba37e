/* Classifies a picture in the PPM format (P6): classify model.evit picture.ppm */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgevit.h"

static int fail(const char *what) {
  fprintf(stderr, "classify: %s\n", what);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    return fail("usage: classify model.evit picture.ppm");
  }

  FILE *file = fopen(argv[2], "rb");
  int width, height;
  if (!file || fscanf(file, "P6 %d %d 255", &width, &height) != 2 || fgetc(file) == EOF) {
    return fail("not a PPM picture of 8 bits");
  }

  size_t bytes = 3 * (size_t)width * (size_t)height;
  uint8_t *rgb = malloc(bytes);
  if (!rgb || fread(rgb, 1, bytes, file) != bytes) {
    return fail("the picture is cut off");
  }

  fclose(file);
  edgevit_model *model;
  edgevit_info info;
  if (edgevit_open(argv[1], 1, &model) != EDGEVIT_OK || edgevit_get_info(model, &info) != EDGEVIT_OK) {
    return fail(edgevit_last_error());
  }

  float *logits = malloc(sizeof(float) * (size_t)info.classes);
  if (!logits || edgevit_run(model, rgb, width, height, logits) != EDGEVIT_OK) {
    return fail(edgevit_last_error());
  }

  for (int i = 0; i < info.classes; i++) {
    uint32_t bits;
    memcpy(&bits, &logits[i], sizeof bits);
    printf("%08x %s\n", bits, edgevit_label(model, i));
  }

  free(logits);
  free(rgb);
  edgevit_close(model);
  return 0;
}
