"""Work on short lists of numbers."""


def inches_to_centimeters(inches: float) -> float:
    return inches * 2.54


def harmonic_mean(values: list[float]) -> float:
    """Return the harmonic mean of positive numbers."""
    return len(values) / sum(1 / value for value in values)


def smallest_gap(values: list[float]) -> float:
    ordered = sorted(values)
    return min(right - left for left, right in zip(ordered, ordered[1:]))


def all_positive(values: list[float]) -> bool:
    return all(value > 0 for value in values)
