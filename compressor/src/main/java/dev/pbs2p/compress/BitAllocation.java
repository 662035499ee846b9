package dev.pbs2p.compress;

import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// Shares a budget of bytes among linears: each takes one of its candidate formats so that the sum of damages is as low
/// as can be found.
///
/// Upgrades are taken in the order of damage removed per byte along every linear's lower convex hull, which is optimal
/// for the budgets it meets exactly; what is left of the budget is used up by single changes and by exchanges between
/// two linears.
public final class BitAllocation {

    private BitAllocation() {}

    /// One way to store one linear.
    ///
    /// @param bytes on disk, everything counted
    /// @param damage done to the model, on a scale shared by all linears and additive over them
    public record Candidate(PackedFormat format, long bytes, double damage) {}

    /// The chosen candidate of every linear; together they take at most `budget` bytes.
    ///
    /// @throws IllegalArgumentException if the smallest candidates do not fit into the budget
    public static List<Candidate> choose(List<List<Candidate>> linears, long budget) {
        Choice choice = new Choice(linears, budget);
        choice.climbHulls();
        do {
            choice.fill();
        } while (choice.exchange());
        return List.copyOf(choice.chosen);
    }

    /// The candidates of one linear that are worth it at some price of a byte, ascending in bytes and descending in
    /// damage.
    static List<Candidate> hull(List<Candidate> candidates) {
        List<Candidate> sorted = new ArrayList<>(candidates);
        sorted.sort(Comparator.comparingLong(Candidate::bytes).thenComparingDouble(Candidate::damage));
        List<Candidate> hull = new ArrayList<>();
        for (Candidate next : sorted) {
            if (!hull.isEmpty() && next.damage() >= hull.getLast().damage()) {
                continue;
            }
            while (hull.size() > 1 && gain(hull.get(hull.size() - 2), hull.getLast()) <= gain(hull.getLast(), next)) {
                hull.removeLast();
            }
            hull.add(next);
        }
        return hull;
    }

    /// Damage removed per byte added.
    private static double gain(Candidate from, Candidate to) {
        return (from.damage() - to.damage()) / (to.bytes() - from.bytes());
    }

    /// A choice in the making.
    private static final class Choice {

        private final List<List<Candidate>> linears;
        private final List<Candidate> chosen = new ArrayList<>();
        private long left;

        Choice(List<List<Candidate>> linears, long budget) {
            this.linears = linears;
            left = budget;
            for (List<Candidate> candidates : linears) {
                Candidate smallest = hull(candidates).getFirst();
                chosen.add(smallest);
                left -= smallest.bytes();
            }
            if (left < 0) {
                throw new IllegalArgumentException("the smallest formats take " + (budget - left)
                        + " bytes, more than the " + budget + " allowed: ask for more bits");
            }
        }

        /// A step of linear `index` to `hull[at]`.
        private record Step(int index, List<Candidate> hull, int at) {

            double gain() {
                return BitAllocation.gain(hull.get(at - 1), hull.get(at));
            }
        }

        void climbHulls() {
            PriorityQueue<Step> steps = new PriorityQueue<>(
                    Comparator.comparingDouble(Step::gain).reversed().thenComparingInt(Step::index));
            for (int i = 0; i < linears.size(); i++) {
                offer(steps, i, hull(linears.get(i)), 1);
            }
            for (Step step = steps.poll(); step != null; step = steps.poll()) {
                if (take(step.index(), step.hull().get(step.at()))) {
                    offer(steps, step.index(), step.hull(), step.at() + 1);
                }
            }
        }

        private static void offer(PriorityQueue<Step> steps, int index, List<Candidate> hull, int at) {
            if (at < hull.size()) {
                steps.add(new Step(index, hull, at));
            }
        }

        private boolean take(int index, Candidate candidate) {
            long more = candidate.bytes() - chosen.get(index).bytes();
            if (more > left) {
                return false;
            }
            left -= more;
            chosen.set(index, candidate);
            return true;
        }

        /// Takes the single change that removes most damage and fits, until there is none.
        void fill() {
            int best;
            do {
                best = -1;
                double removed = 0;
                for (int i = 0; i < linears.size(); i++) {
                    double own = chosen.get(i).damage() - fitting(i, left).damage();
                    if (own > removed) {
                        removed = own;
                        best = i;
                    }
                }
                if (best >= 0) {
                    take(best, fitting(best, left));
                }
            } while (best >= 0);
        }

        /// The least damaging candidate of a linear that takes at most `more` bytes than the chosen one.
        private Candidate fitting(int index, long more) {
            Candidate best = chosen.get(index);
            long limit = best.bytes() + more;
            for (Candidate candidate : linears.get(index)) {
                if (candidate.bytes() <= limit && candidate.damage() < best.damage()) {
                    best = candidate;
                }
            }
            return best;
        }

        /// Makes one linear smaller so that another can grow, where that removes damage; says whether it did.
        boolean exchange() {
            for (int down = 0; down < linears.size(); down++) {
                Candidate now = chosen.get(down);
                for (Candidate smaller : linears.get(down)) {
                    if (smaller.bytes() < now.bytes() && exchange(down, smaller)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean exchange(int down, Candidate smaller) {
            Candidate now = chosen.get(down);
            double added = smaller.damage() - now.damage();
            for (int up = 0; up < linears.size(); up++) {
                Candidate larger = fitting(up, left + now.bytes() - smaller.bytes());
                // By more than rounding, so that exchanges come to an end.
                if (up != down && chosen.get(up).damage() - larger.damage() > added * (1 + 1e-9) + 1e-300) {
                    take(down, smaller);
                    take(up, larger);
                    return true;
                }
            }
            return false;
        }
    }
}
