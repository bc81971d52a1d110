/* scenario_corpus.c -- every seed of the fuzzer, through the fuzzer's own function, wherever the tests run.
 */
#include "tests/fuzz/scenario_fuzz.c"

#include <criterion/criterion.h>
#include <dirent.h>

Test(scenario_corpus, every_seed_is_read_to_an_end)
{
    const char *folder = GEOREP_SOURCE_DIR "/tests/fuzz/corpus/scenario_fuzz";
    DIR *seeds = opendir(folder);
    unsigned count = 0;

    cr_assert_not_null(seeds);
    for (struct dirent *entry; (entry = readdir(seeds)) != NULL;) {
        char *path = NULL;
        if (entry->d_name[0] == '.')
            continue;
        CHECK(asprintf(&path, "%s/%s", folder, entry->d_name) >= 0);
        FILE *file = fopen(path, "rb");
        uint8_t *bytes = memory_new(1, 1 << 20);
        cr_assert_not_null(file);
        size_t size = fread(bytes, 1, 1 << 20, file);
        fclose(file);
        cr_expect_eq(LLVMFuzzerTestOneInput(bytes, size), 0);
        free(bytes);
        free(path);
        count++;
    }
    closedir(seeds);
    cr_assert_geq(count, 6);
}
