"""PNG drawings: the size and colours of the scene."""

import io

from drawn_graphs import cnn, stacked_cells
from PIL import Image

from nasctl.render import Heading, render_png
from nasctl.render.layout import lay_out
from nasctl.render.palette import LIGHT
from nasctl.render.png import SCALE


def opened(graph, heading=None) -> Image.Image:
    return Image.open(io.BytesIO(render_png(graph, heading)))


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def test_it_has_twice_the_size_of_the_scene():
    graph = cnn([(), (1,), (1, 2)])
    scene = lay_out(graph)
    assert opened(graph).size == (SCALE * scene.width, SCALE * scene.height)


def test_boxes_are_filled_and_the_page_around_them_is_not():
    graph = cnn([(), (1,), (1, 2), (1, 3)])
    image = opened(graph)
    for box in lay_out(graph).boxes:
        fill = rgb(LIGHT.family(box.family)[0])
        corner = (SCALE * (box.x + box.height / 2), SCALE * (box.y + 3))
        assert image.getpixel(tuple(map(round, corner))) == fill
    assert image.getpixel((0, 0)) == rgb(LIGHT.page)


def test_text_is_drawn_in_every_box():
    graph = stacked_cells(2)
    image = opened(graph, Heading("title"))
    for box in lay_out(graph, Heading("title")).boxes:
        inside = (box.x + 4, box.y + 2, box.right - 4, box.bottom - 2)
        colours = image.crop(tuple(round(SCALE * edge) for edge in inside)).getcolors(100_000)
        assert len(colours) > 5, f"{box.name} is blank"


def test_lanes_are_drawn_across_the_strips_of_a_long_drawing():
    graph = cnn([tuple(range(1, n)) for n in range(1, 13)])
    scene = lay_out(graph)
    image = opened(graph)
    assert image.height > 2000
    longest = max(scene.connectors, key=lambda c: max(y for _, y in c.points) - min(y for _, y in c.points))
    x = max(x for x, _ in longest.points)
    top, bottom = (min(y for _, y in longest.points) + 10, max(y for _, y in longest.points) - 10)
    column = [image.getpixel((round(SCALE * x), y)) for y in range(round(SCALE * top), round(SCALE * bottom))]
    assert rgb(LIGHT.page) not in column
