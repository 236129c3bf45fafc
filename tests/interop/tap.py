"""tap.py - test points in TAP, for the suites of tests/images, tests/oracle and tests/interop."""
import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def point(self, good, name, why=""):
        """One point; 'why' is text that explains a failure."""
        self.count += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name.replace("#", "no. ")))
        if not good:
            for line in str(why).splitlines()[:60]:
                print("#   " + line)
        sys.stdout.flush()
        return good

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name.replace("#", "no. "), " ".join(why.split())))

    def note(self, text):
        print("# " + text)

    def done(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0
