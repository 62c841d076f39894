/* An instruction that there is not ends the program by another signal than a wild pointer. Ended by signal 4 */

int main(void) {
#ifdef __x86_64__
    __asm__ volatile("ud2");
#elif defined __riscv
    __asm__ volatile("unimp");
#else
    __asm__ volatile("udf #0");
#endif
    return 0;
}
